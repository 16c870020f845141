"""Settings that differ between machines come from the environment; .env.example documents them.
With DEBUG=True none is required: the project runs for development, on data in var/."""

from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from edm_project import environment
from edm_project.admin_settings import UNFOLD  # noqa: F401
from edm_project.database import database
from edm_project.images import image_hosts, image_storage
from edm_project.logs.lines import logging_settings
from edm_project.web.content_security import POLICY

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

environ.Env.read_env(str(BASE_DIR / ".env"))

# Off unless it is switched on: with it, pages show the source and the settings to everybody.
DEBUG = environment.boolean("DEBUG", False)


def _made_once(name: str) -> Path | None:
    """The file of a key that need not be set in development."""
    return VAR_DIR / name if DEBUG else None


if DEBUG:
    environment.make_private(VAR_DIR)
environment.tighten(VAR_DIR)
SECRET_KEY = environment.secret("SECRET_KEY", _made_once("secret_key"))
# Old keys stay valid for what they signed.
SECRET_KEY_FALLBACKS = environment.names("SECRET_KEY_FALLBACKS", [])
# Encrypt provider credentials at rest: the first key encrypts, all of them decrypt.
CREDENTIALS_KEYS = environment.keys("CREDENTIALS_KEYS", _made_once("credentials_key"))
# Sign the links in mail: the first key signs, all of them are accepted.
TRACKING_KEYS = environment.keys("TRACKING_KEYS", _made_once("tracking_key"))
# Know erased addresses by their hashes: the first key makes them, all of them are looked up.
ERASURE_KEYS = environment.keys("ERASURE_KEYS", _made_once("erasure_key"))
# Sign Message-IDs: the first key signs, all of them are accepted.
MESSAGE_ID_KEYS = environment.keys("MESSAGE_ID_KEYS", _made_once("message_id_key"))

if not DEBUG:
    environment.text("DATABASE_URL", hint="It looks like postgres://user:password@host:5432/name.")
ALLOWED_HOSTS = environment.names(
    "ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]"] if DEBUG else None,
    hint="Set it to the host names of this site, separated by commas.",
)
PUBLIC_URL = environment.http_url(
    "PUBLIC_URL",
    "http://localhost:8000" if DEBUG else None,
    hint="Set it to the address recipients reach, such as https://edm.example.com.",
)

CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Pasted lists and large templates; a task may be for thousands of contacts chosen one by one.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# More than a form takes, so that it says so itself, and keeps what else was written.
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
# Of a file of suppressed addresses that is imported while the browser waits.
IMPORT_MAX_MEGABYTES = environment.integer("IMPORT_MAX_MEGABYTES", 5, minimum=1)
# Of a file of contacts, which is stored and imported in the cluster; `manage.py import_contacts`
# takes larger ones.
CONTACT_FILE_MAX_MEGABYTES = environment.integer("CONTACT_FILE_MAX_MEGABYTES", 200, minimum=1)
# How long the file of an export can be downloaded that was made in the cluster.
EXPORT_KEEP_DAYS = environment.integer("EXPORT_KEEP_DAYS", 7, minimum=1)
FILE_UPLOAD_HANDLERS = [
    "edm_project.web.uploads.LargestUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Modules that workers on untrusted input (`sandbox`) import before they are forked.
SANDBOX_PRELOAD = ["tracking.links.rewrite", "dispatch.bounces.understanding"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "notices",
    "privacy",
    "signup",
    "dispatch",  # before django_q: it overrides the command `qcluster`
    "tracking",
    "campaigns",
    "signin",
    "access",
    "edm_project",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_ace",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
if DEBUG:
    INSTALLED_APPS.append("devmail")  # the local SMTP server and demo of `make run`

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "edm_project.web.content_security.ContentSecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "signin.own.middleware.OwnLanguageAndZone",
    "access.middleware.OwnersOnce",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "signin.session.middleware.SignedInMiddleware",
    "edm_project.web.busy.BusyDatabaseMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {
                "chosen_filters": "admin_kit.chosen_filters",
                "purpose": "guide.screens.purpose",
                "stored_texts": "admin_kit.words.stored_texts",
                "told_changes": "admin_kit.words.told_changes",
            },
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "signin.context.admin_frame",
            ],
        },
    },
]

CONTENT_SECURITY_POLICY = {"DIRECTIVES": POLICY}
X_FRAME_OPTIONS = "DENY"
# None in a cookie: they may say what was done to whom.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

ROOT_URLCONF = "edm_project.urls"
WSGI_APPLICATION = "edm_project.wsgi.application"
ASGI_APPLICATION = "edm_project.asgi.application"

DATABASES = {"default": database(VAR_DIR / "postgres")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The name of the PostgreSQL enum type of SubTask.status, for a database that already has one.
SUBTASK_STATUS_TYPE = environment.identifier("SUBTASK_STATUS_TYPE", "subtask_status")

CACHES = {"default": environment.env.cache("CACHE_URL", default="locmemcache://")}

# --- Signing in: see signin/ and docs/how-to/sign-in-safely.md ---
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ),
]
AUTHENTICATION_BACKENDS = ["signin.backends.StaffBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"
# A session ends after so long without a page opened by its user, and after so long in any case.
SESSION_IDLE_SECONDS = 60 * environment.integer("SESSION_IDLE_MINUTES", 60, minimum=1)
SESSION_COOKIE_AGE = 3600 * environment.integer("SESSION_HOURS", 12, minimum=1)
# Who must have a second factor. Development does not ask for one.
REQUIRE_SECOND_FACTOR = environment.choice(
    "REQUIRE_SECOND_FACTOR",
    "nobody" if DEBUG else "superusers",
    ("nobody", "superusers", "operators", "everybody"),
)
# Browsers that were signed in with are not kept out by what others try.
DEVICE_COOKIE_NAME = "edm_device" if DEBUG else "__Host-edm_device"
# Single sign-on by OpenID Connect; not set: there is none.
OIDC_SERVER_URL = environment.text("OIDC_SERVER_URL", "")
OIDC_NAME = environment.text("OIDC_NAME", "single sign-on")
OIDC_PROVIDER_ID = "sso"
OIDC_CREATE_USERS = environment.boolean("OIDC_CREATE_USERS", False)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": OIDC_PROVIDER_ID,
                "name": OIDC_NAME,
                "client_id": environment.text("OIDC_CLIENT_ID"),
                "secret": environment.text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": environment.http_url("OIDC_SERVER_URL")},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}
SOCIALACCOUNT_ADAPTER = "signin.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# By a link: a form that leads to another site is against our content security policy.
SOCIALACCOUNT_LOGIN_ON_GET = True
ACCOUNT_ADAPTER = "signin.adapters.SignInAdapter"
ACCOUNT_FORMS = {"login": "signin.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE
# allauth counts in the cache, and each process has its own: signin.throttling.throttle counts
# instead.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "signin.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "signin.forms.AddKeyForm",
    "authenticate": "signin.forms.CodeForm",
    "reauthenticate": "signin.forms.ConfirmByCodeForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts need no address
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "EDM Dispatch"
MFA_TOTP_TOLERANCE = 1  # a code is good for the steps before and after its own, too
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# --- System mail, to staff: see system_mail/. Not set: there is none ---
EMAIL_HOST = environment.text("EMAIL_HOST", "")
EMAIL_SECURITY = environment.choice("EMAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_PORT = environment.integer("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587, minimum=1)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = environment.integer("EMAIL_TIMEOUT_SECONDS", 10, minimum=1)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.address("EMAIL_FROM", "")
if EMAIL_HOST and not DEFAULT_FROM_EMAIL:
    environment.text("EMAIL_FROM", hint="Set it to the address that system mail is from.")

FORM_RENDERER = "admin_kit.forms.rendering.FormRenderer"

LANGUAGE_CODE = environment.text("LANGUAGE_CODE", "en")
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
USE_I18N = True
# What staff choose from; recipients are spoken to in more languages.
ADMIN_LANGUAGES = ["en", "zh-hans"]
FORMAT_MODULE_PATH = ["edm_project.formats"]
# The pages that recipients see, and the footers of messages; see docs/how-to/what-is-tracked.md.
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "images": image_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
IMAGE_HOSTS = image_hosts()
# Development serves static files straight from the packages, without collectstatic.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

LOGGING = logging_settings()
DEFAULT_EXCEPTION_REPORTER = "edm_project.logs.error_reports.ErrorReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "edm_project.logs.error_reports.ReportFilter"

# Never sent to https: probes, which come in plain http and bring no secret along, and one-click
# unsubscribing, which RFC 8058 does not let answer with a redirect.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$", r"(^|/)u/[\w-]+/?$"]
# Requests with it may read /metrics; if it is not set, there is no such page.
METRICS_TOKEN = environment.text("METRICS_TOKEN", "")

# How many dispatch loops one cluster runs.
DISPATCHERS = environment.integer("DISPATCHERS", 1, minimum=1)
# Where each dispatcher notes, in a small memory-mapped file, which hand-overs it has begun.
START_LOG_DIR = environment.text("START_LOG_DIR", str(VAR_DIR / "starts"))
# How long one run of a dispatch loop takes until a successor takes over.
DISPATCH_SLICE_SECONDS = environment.integer("DISPATCH_SLICE_SECONDS", 240, minimum=5)
# How many processes of one cluster do what is neither dispatching nor maintenance.
BACKGROUND_WORKERS = environment.integer("BACKGROUND_WORKERS", 2, minimum=1)
# How long a recipient refused for now waits before each further try; after the last one it is
# given up.
RETRY_DELAYS_SECONDS = environment.numbers("RETRY_DELAYS_SECONDS", [60, 300, 900, 3600, 14400])
# The largest body that is read at a provider's webhook address.
WEBHOOK_MAX_BYTES = 5 * 1024 * 1024
# How long a failing service rests the first time; doubled each time in a row, up to an hour.
FREEZE_SECONDS = environment.integer("FREEZE_SECONDS", 30, minimum=1)

# Where services and bounce mailboxes may lead that is not public: these networks, at these ports.
INTERNAL_NETWORKS = environment.networks(
    "INTERNAL_NETWORKS",
    [
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    ],
)
INTERNAL_PORTS = environment.ports("INTERNAL_PORTS", "25,465,587,2525,143,993")
# This machine itself. On a development machine the mail server of `make run` has any port.
LOOPBACK_PORTS = environment.ports(
    "LOOPBACK_PORTS", "1-65535" if DEBUG else "25,465,587,2525,143,993"
)

# Where the webhooks of staff may lead that is not public, besides what is: on a development machine
# to itself.
NOTICE_WEBHOOK_NETWORKS = environment.networks(
    "NOTICE_WEBHOOK_NETWORKS", ["127.0.0.0/8", "::1/128"] if DEBUG else []
)

# Name servers for the domains of email services; empty for those of the machine.
DNS_NAMESERVERS = environment.name_servers("DNS_NAMESERVERS", [])

# Whether an open is recorded only of people who agreed to it.
OPENS_NEED_CONSENT = environment.boolean("OPENS_NEED_CONSENT", True)
# Opens and clicks count after so many seconds, together with other events of the same message: a
# scanner follows every link at once. 0 counts each by itself.
SCANNER_SECONDS = environment.integer("SCANNER_SECONDS", 5)
# Messages in a row that bounce for now until their address is suppressed; 0 for never.
SOFT_BOUNCES_SUPPRESS = environment.integer("SOFT_BOUNCES_SUPPRESS", 3)
# Only those of so many days count.
SOFT_BOUNCE_DAYS = environment.integer("SOFT_BOUNCE_DAYS", 90, minimum=1)
# How often a bounce mailbox is read.
BOUNCE_READ_SECONDS = environment.integer("BOUNCE_READ_SECONDS", 60, minimum=1)
# The folder that holds the Maildirs that services may have as bounce mailboxes.
BOUNCE_MAILDIRS = environment.text("BOUNCE_MAILDIRS", str(VAR_DIR / "maildir"))
# A task is paused when so many percent of its messages bounce for good or are reported as spam, but
# not before so many messages; 0 percent for never.
PAUSE_HARD_BOUNCE_PERCENT = environment.number("PAUSE_HARD_BOUNCE_PERCENT", 5.0)
PAUSE_COMPLAINT_PERCENT = environment.number("PAUSE_COMPLAINT_PERCENT", 0.3)
PAUSE_MIN_MESSAGES = environment.integer("PAUSE_MIN_MESSAGES", 500, minimum=1)
# Requests to public addresses that are refused, of one network (/24, IPv6 /48) in a minute; more
# are answered with 429 and leave no trace of their own. 0 for no limit, as below.
BAD_REQUESTS_PER_MINUTE = environment.integer("BAD_REQUESTS_PER_MINUTE", 60)
# How often one message may be looked at in a browser, and each page to unsubscribe.
PAGES_PER_MINUTE = environment.integer("PAGES_PER_MINUTE", 60)
# How often one recipient may subscribe again or change what to get. Unsubscribing is never limited.
RESUBSCRIPTIONS_PER_HOUR = environment.integer("RESUBSCRIPTIONS_PER_HOUR", 20)
# How often one network (/24, IPv6 /48), and one form, may be signed up with in an hour.
SIGN_UPS_PER_NETWORK = environment.integer("SIGN_UPS_PER_NETWORK", 20)
SIGN_UPS_PER_FORM = environment.integer("SIGN_UPS_PER_FORM", 500)
# How many messages that ask to confirm a sign-up one mailbox gets in a day, of all forms; of each
# form it gets one.
SIGN_UP_MAILS_PER_DAY = environment.integer("SIGN_UP_MAILS_PER_DAY", 3, minimum=1)
# How long an event waits for its SubTask to become known.
EVENT_WAIT_HOURS = environment.integer("EVENT_WAIT_HOURS", 24, minimum=1)
# How long an event's payload, IP address and user agent are kept.
EVENT_PAYLOAD_DAYS = environment.integer("EVENT_PAYLOAD_DAYS", 30, minimum=1)
# A mailbox that is read for mail to unsubscribe, named in the header List-Unsubscribe.
UNSUBSCRIBE_MAILBOX = environment.address("UNSUBSCRIBE_MAILBOX", "")

Q_CLUSTER = {
    "name": "edm",
    "label": _("Task queue"),
    "orm": "default",
    "broker_class": "dispatch.queue.broker.DatabaseClockBroker",
    # A task taken from the broker but queued behind a long one waits where no other host sees it:
    # take one at a time and hold one at most.
    "bulk": 1,
    "queue_limit": 1,
    "poll": 0.2,  # seconds
    # Seconds a task may run; and until an unfinished one is delivered again, which must be longer.
    # After its slice a dispatcher waits for a free worker and for replies, for 15 minutes each.
    "timeout": DISPATCH_SLICE_SECONDS + 1_860,
    "retry": DISPATCH_SLICE_SECONDS + 1_920,
    "recycle": 200,  # tasks until a worker is replaced by a fresh process
    "scheduler": False,  # what is periodic is a chore of maintenance
}

SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"

# The client's address is then the last one in X-Forwarded-For.
BEHIND_TLS_PROXY = environment.boolean("BEHIND_TLS_PROXY", False)

if not DEBUG:
    SECURE_SSL_REDIRECT = environment.boolean("SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = environment.integer("HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # Browsers take a cookie of such a name from this host alone, by https: none set by another host
    # of the same domain, or by an attacker on the network.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    if BEHIND_TLS_PROXY:
        # Only safe behind a proxy that always sets or strips this header.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
