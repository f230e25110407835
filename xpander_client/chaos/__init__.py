"""The proof that nothing is lost: load, faults, and a comparison of what was promised with what is
there. `xpander-client chaos` runs it on one's own store.
"""
