"""Admin pages of sign-up forms, and of those who signed up."""

from signup.admin import form_pages, sign_up_pages

__all__ = ["form_pages", "sign_up_pages"]
