"""Who answers: one seam, `Transport.handle`, and objects around it."""
