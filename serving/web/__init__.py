"""For people at a browser: who has logged in, and the page to do it."""
