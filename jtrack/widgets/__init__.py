"""Panels: a frame from a query, pure functions from the frame to HTML and text, and widgets around them.

The only room that imports ipywidgets and anywidget. A panel's frame is frozen data; its JSON
(`jtrack.widgets.frames.frame_json`) is what the TypeScript renderers in labextension/src/panels take.
"""
