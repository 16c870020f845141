"""Providers that django-anymail knows: it makes the requests, reads the answers and the webhooks.

What is ours: connections, hand-over, the meaning of refusals, and the difference between hard and
soft bounces, which it does not tell.
"""

import warnings

from anymail.exceptions import AnymailInsecureWebhookWarning, AnymailNotSupportedWarning

# The webhook addresses have an unguessable part, which it cannot know of.
warnings.filterwarnings("ignore", category=AnymailInsecureWebhookWarning)
# Its maintainers have no SendGrid account to test with any more; ours is tested against the
# provider's documentation.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)
