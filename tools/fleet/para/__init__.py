"""Para's REST API over the things of a project: https://paraio.org/docs

service.py   what the routes do, by the functions that the commands use; objects.py: what a Para object is
store.py     what AWS does not keep of an object; recovery.py: what a kill left, and what AWS knows, brought together
signatures.py, app.py, server.py: who asks, the routes, the process
"""
