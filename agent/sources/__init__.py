"""Where pictures come from: a camera, a file, a scene of our own. All speak `base.Source`."""
