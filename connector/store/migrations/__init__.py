"""How a store of an older program becomes a store of this one. Run by `opening`, in one transaction with the check."""
