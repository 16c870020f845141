from campaigns.admin import task_steps
from dispatch.admin import attempts, domain_state, services, subtasks

task_steps.WARNERS.append(domain_state.warnings)

__all__ = ["attempts", "services", "subtasks"]
