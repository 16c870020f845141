from admin_kit import history
from campaigns.admin import senders, suppressions, tasks
from campaigns.admin.attributes import attribute_admin
from campaigns.admin.attributes import results as attribute_results
from campaigns.admin.blocks import brand_admin, saved_block_admin
from campaigns.admin.contacts import contact_admin, tags
from campaigns.admin.exports import results as export_results
from campaigns.admin.images import image_admin
from campaigns.admin.operations import operation_admin
from campaigns.admin.segments import segment_admin
from campaigns.admin.staff import groups, sign_ins, teams, users
from campaigns.admin.templates import template_admin

__all__ = [
    "attribute_admin",
    "attribute_results",
    "brand_admin",
    "contact_admin",
    "export_results",
    "groups",
    "history",
    "image_admin",
    "operation_admin",
    "saved_block_admin",
    "segment_admin",
    "senders",
    "sign_ins",
    "suppressions",
    "tags",
    "tasks",
    "teams",
    "template_admin",
    "users",
]
