"""What is asked: builder, encoding, auth, signing, and the call itself."""
