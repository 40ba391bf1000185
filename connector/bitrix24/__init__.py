"""The Bitrix24 adapter: REST of one portal as `connector.ports.Portal`.

secret, transport, classify   one POST and what its answer means
gate, operating, client       limits and batches: the only way to the transport
phpquery                      batch commands as the portal reads them
values, parsing               JSON -> model, pure
reading, sweeping, copying, duplicates, owners, directory    what the loops ask
writing, performing, handover what they wish
hooks, setup                  doorbells and `connect`
portal                        all of it behind the port
"""
