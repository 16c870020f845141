"""Messages made of blocks: an ordered list, kept as JSON, compiled to MJML with a brand's look.

    {"version": 1, "blocks": [
        {"id": "a1", "kind": "heading", "text": "Spring", "level": 1, "align": "left"},
        {"id": "b2", "kind": "columns", "columns": [[…], […]],
         "shown_if": {"attribute": "plan", "is": "equal", "value": "gold"}}
    ]}

`kinds` has the kinds of blocks and their fields, `checking` reads them, `compiling` makes the MJML.
A worker does both (`work`), for texts are Liquid and a small markup.
"""
