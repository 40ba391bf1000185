"""The Bitrix24 adapter: REST of one portal as `connector.ports.Portal`.

secret, transport, classify, answers    one POST and what its answer means
gate, operating, client, units          limits and batches: the only way to the transport
phpquery, names                         batch commands as the portal reads them; its names of things
values, parsing, calendars              JSON -> model, pure
reading, tasks, clients, duplicates, owners, sweeping, copying    what the loops ask
directory, bulk                         dictionaries (bulk lists through fast-bitrix24)
writing, performing, taskacts, handover, copydeal, timelines      what they wish, and how it is found again
hooks                                   doorbells, pure
setup, creating                         `connect`
portal                                  all of it behind the port
"""
