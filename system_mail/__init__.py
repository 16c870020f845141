"""Mail of this system to its own staff: by the mail server of the settings, never by an email
service of campaigns, which may be frozen, out of quota, or what the mail is about."""
