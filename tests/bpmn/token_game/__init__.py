"""Random block-structured diagrams, and a reference that plays them without knowing BPMN."""
