"""HTML: the frame of every page, what foreign text goes through, and pages that stand by themselves.

page, page_style    the frame, and how it looks
markup              elements that no text gets out of
svg_text            text in pictures
histogram_svg       how many rows have so many tokens, drawn
stats_page          what a dataset looks like
"""
