/* Style sheets come from files: admin.css has what htmx would add to each page. */
htmx.config.includeIndicatorStyles = false;
htmx.config.allowScriptTags = false;
