"""The pages of templates: written beside what they look like."""
