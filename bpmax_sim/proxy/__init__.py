"""The request side of a call: builder, encoding, auth, signing, retries, and the call itself."""
