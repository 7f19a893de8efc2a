"""Settings of the rendered book. Sphinx reads them from a staged copy under build/."""

project = "Do sparse autoencoders find true features?"
author = "the toysae authors"
copyright = "the toysae authors. Text and figures: CC BY 4.0, code: MIT"
language = "en"

extensions = ["myst_nb", "toysae.writeup.glossary"]
myst_enable_extensions = ["alert", "amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type", "mystnb.mime_priority"]
exclude_patterns = ["_static"]

mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {
    "options": {"enableMenu": False},
    "svg": {"fontCache": "global"},
    "tex": {"macros": {"E": r"\operatorname{\mathbb{E}}"}},
}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = True
html_sourcelink_suffix = ""
html_show_search_summary = False  # a browser refuses to read other pages for it where the book is a file
html_show_sphinx = False
html_use_index = False
html_theme_options = {
    "navbar_persistent": [],
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "logo": {"text": "Do sparse autoencoders<br>find true features?"},
    "footer_content_items": ["copyright.html"],
}

if tags.has("single"):  # noqa: F821 (Sphinx hands `tags` in): one page alone, for a run with other parameters
    exclude_patterns += ["glossary.md"]
    html_sidebars = {"**": []}
    html_theme_options |= {"use_download_button": False, "article_header_start": []}
