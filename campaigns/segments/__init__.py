"""Named conditions on an owner's contacts: read, checked, compiled to SQL, and said in English.

A condition is a tree, kept as JSON in `Segment.condition`:

    {"match": "all", "lines": [
        {"field": "tag", "operator": "has", "value": 5},
        {"match": "none", "lines": [{"field": "opened", "operator": "did", "value": {"days": 30}}]}
    ]}

A group matches contacts for which all, any or none of its lines hold; a line is a field of the
owner's catalogue (`fields`), one of its operators, and a value of that operator's input.
"""
