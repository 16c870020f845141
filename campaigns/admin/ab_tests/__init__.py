"""A/B tests in admin: settings in a campaign's form, the results on its page, and the decision."""
