"""Serving a model over HTTP: a process with the web server, and beside it one for each worker, with the model.

The web server knows nothing of models: it hands bytes to a worker and bytes back. A worker that hangs or dies is
replaced, and so is one whose alias has moved, while the server goes on to take requests.

::

    serve()           server.py     starts the process, and gives a handle of it
    process           main.py       the address, the lanes, the watch of the alias, uvicorn
      app.py            routes: tokens, sizes, times
      lanes.py          requests wait here, and go to a worker as many at once as wait
        workers.py        the processes with the model
    worker            worker.py     reads requests, writes answers
      scorer.py         parse (protocol.py) → join (batches.py) → predict → split and encode (answers.py)
"""
