# Logging records with the time to a stream; as many are below the level.
import logging, io
out = io.StringIO()
logging.basicConfig(stream=out, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("x.y")
for i in range(8000):
    log.info("message %d of %s", i, "n")
    log.debug("not shown %d", i)
print(len(out.getvalue()) > 0)
