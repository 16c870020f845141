"""Freeze the content of a launched task: compile its templates into content that never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from campaigns.attachments import keeping
from campaigns.models import Attachment, Content, Sender, Task, TaskTemplate
from campaigns.rendering import content

FINISHERS: list[Callable[[Content, Task, Sender], Callable[[], None]]] = []
"""What apps that build on this one (tracking) do to content before it is saved for the first time.
Each returns what it does once the content is saved, in the transaction of the launch. May raise
TemplateError.
"""


@dataclass(slots=True)
class Compiled:
    """Unsaved content."""

    content: Content
    _afterwards: list[Callable[[], None]] = field(default_factory=list)

    def store(self) -> None:
        """Call inside a transaction."""
        self.content.attachment_count = Attachment.objects.filter(task=self.content.task_id).count()
        self.content.save()
        if self.content.attachment_count:
            keeping.freeze(self.content, self.content.task)
        for finish in self._afterwards:
            finish()


def compile_content(task: Task, choice: TaskTemplate) -> Compiled:
    """Compile one of a task's templates; may take seconds. Raises TemplateError."""
    template, sender = choice.template, choice.sender or task.sender
    subject = choice.subject or template.subject
    preview_text = choice.preview_text or template.preview_text
    if sender is None:
        raise AssertionError(f"task {task.pk} has no sender")
    content.check(subject, template.html, template.text, preview_text)
    html = content.compile_html(template.html)
    made = Content(
        task=task,
        template=template,
        weight=choice.weight,
        language=choice.language,
        subject=subject,
        preview_text=preview_text,
        html=html,
        text=template.text if template.text.strip() else content.compile_text(html),
        sender_local_part=sender.local_part,
        sender_name=sender.display_name,
        reply_to=sender.reply_to,
    )
    afterwards = [finish(made, task, sender) for finish in FINISHERS]
    made.precompiled = content.precompile(made)
    return Compiled(made, afterwards)


def freeze(task: Task, choice: TaskTemplate) -> Content:
    """Compile and store one of a task's templates. Raises TemplateError."""
    made = compile_content(task, choice)
    made.store()
    return made.content
