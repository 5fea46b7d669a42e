"""Web pages for planners: server-rendered, no script, nothing from outside this machine.

A page is made in three steps, each in its own file: what the database says, a view (plain values
that are ready to be shown), and a template. Templates hold no logic beyond loops and conditions;
every text that comes from data is escaped. Pictures are drawn by Altair and vl-convert as SVG and
take their colours from the style sheet, so that light, dark and print are one picture.

Where to go:
    an address                        service/web/pages.py, signed_pages.py (people sign in and act)
    … with much behind it             service/web/*_page.py, list_pages.py
    a link in a message               service/web/linked_action.py, unsubscribe.py
    what the database says            service/web/reading.py, history.py
    who is signed in, forms           service/web/sessions.py, forms.py
    what a page shows                 service/web/*_view.py
    the head of a page, its warnings  service/web/page_head.py, banners.py
    how it looks                      service/web/templates/ (templating.py), static/tocsin.css
    a number, a date, a change        service/web/words.py; of an outcome: outcome_words.py
    addresses, of licences too        service/web/links.py, licences.py
    colours of the levels             service/web/levels.py
    the map                           service/web/shapes.py
    a chart                           service/web/charts.py, svg.py
    an error that a person sees       service/web/errors.py
"""
