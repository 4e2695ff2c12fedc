"""A plan as one page, for the artifacts of a build.

report_page                             all of it, from the top down
head, notes, steps, diffs               its parts
fields, texts, words, links, style      what the parts are made of
plan_graph, graph_layout, graph_svg     what depends on what: as values, in places, drawn
cost_chart, life_chart, bar_rows_svg    what it costs and how long it lives, drawn
"""
