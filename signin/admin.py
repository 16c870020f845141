"""Unregister allauth's own admin pages: they show secrets, and allow editing rows that give a user
a second factor. `campaigns/admin/staff/sign_ins.py` shows staff what they need."""

from __future__ import annotations

from allauth.account import admin as account_admin
from allauth.mfa import admin as mfa_admin
from allauth.socialaccount import admin as socialaccount_admin
from allauth.usersessions import admin as usersessions_admin
from django.contrib import admin

MODULES = (account_admin, mfa_admin, socialaccount_admin, usersessions_admin)
"""Imported, so that they have registered by now."""

for model in [each for each in admin.site._registry if each.__module__.startswith("allauth.")]:
    admin.site.unregister(model)
