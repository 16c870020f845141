from campaigns.admin import progress, task_steps
from dispatch.admin import attempts, domain_state, readiness, services, subtasks

progress.WAITS.append(readiness.waits)
task_steps.WARNERS += [readiness.warnings, domain_state.warnings]

__all__ = ["attempts", "services", "subtasks"]
