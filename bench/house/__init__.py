"""The whole product's measurements."""
