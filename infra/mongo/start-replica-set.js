// Run by mongosh as the health check of the container: starts the one-node replica set the first time, and says whether
// this node takes writes. Transactions need a replica set, also of one node.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') {
    throw error;
  }
  rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'mongo:27017' }] });
}
if (!db.hello().isWritablePrimary) {
  quit(1);
}
