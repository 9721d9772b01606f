"""Questions over documents as people have them: ten kinds of files, two halves."""
