from dispatch.admin import attempts, services, subtasks

__all__ = ["attempts", "services", "subtasks"]
