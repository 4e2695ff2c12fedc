"""What may refuse a plan before anything is spent, and how long base models last. Pure: values in, notes out.

    Refusal, judged    refusal       what one rule has against a plan, and how a run is let past it
    budget_notes       budget        money: an apply, a model, a month
    own_price_notes    own_prices    -max-cost, at prices that the project does not set itself
    money_notes        money         both of these, for whoever is about to pay
    change_notes       changes       how much one run replaces or deletes
    lifetime_notes     lifetime      how long each declared base stays on
    aging              aging         which live models end, and where their data could be trained instead

What an owner bounds is a value of the project: `core/bounds.py`.
"""
