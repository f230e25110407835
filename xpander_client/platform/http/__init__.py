"""The routes: from requests to commands for the store, and back."""
