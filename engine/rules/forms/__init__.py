"""Forms: a form-js schema read, started with values, and judged when it comes back. The server alone decides.

``schema`` reads a file, ``components`` one field of it, ``fields`` is what comes out; ``values`` judges one value and
``field_rules`` what values say of each other; ``input`` stands between HTML and values. ``form`` puts them together.
Properties and keys: ``forms/README.md``. The conditional rules of the requirements (section 3.3) stand in the forms.
"""

from __future__ import annotations

from engine.rules.forms.fields import Choice, Field, Group, Note, Options
from engine.rules.forms.form import Form, check_form, read_form
from engine.rules.forms.input import from_pairs, input_text, to_pairs

__all__ = [
    "Choice",
    "Field",
    "Form",
    "Group",
    "Note",
    "Options",
    "check_form",
    "from_pairs",
    "input_text",
    "read_form",
    "to_pairs",
]
