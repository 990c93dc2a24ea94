"""What layers say of each other and of the claim at hand: how it is read, and what can be said against it."""
