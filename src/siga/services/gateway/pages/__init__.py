"""The plain pages: server-rendered, accessible, whole without JavaScript; live with a small script."""
