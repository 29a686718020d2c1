"""The tests mirror the rooms; conversations, contracts, plans, house and e2e stand beside them."""
