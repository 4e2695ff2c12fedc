"""What trainings cost: estimated before, entered in a ledger as they are paid for, added up after.

    estimate           cost              tokens x epochs x price, or hours x price, and how it was reckoned
    calibrations       calibration       what earlier bills say of the count
    booked             booking           the lines that a fact adds to the ledger
    spends             spending          the ledger read as paid calls, and what a month came to
    spend_report       spend_report      what they add up to, by model and month

The lines themselves are values of the state: `core/entries.py`.
"""
