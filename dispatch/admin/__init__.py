from campaigns.admin import campaign_list, progress, task_steps
from dispatch.admin import attempts, waiting
from dispatch.admin.services import domain_state, pages, seed_lists
from dispatch.admin.start import underway
from dispatch.admin.subtasks import pages as subtasks

campaign_list.FACTS.append(underway.facts)
progress.WAITS.append(waiting.waits)
task_steps.FORETOLD.append(waiting.foretold)
task_steps.WARNERS += [waiting.warnings, domain_state.warnings]

__all__ = ["attempts", "pages", "seed_lists", "subtasks"]
