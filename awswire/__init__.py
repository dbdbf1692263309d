"""What both planes need to speak to AWS asynchronously.

http          the seam: one request out, one response in, over whichever transport
transport_*   the transports behind the seam
sigv4         Signature Version 4, with the day's signing key cached
eventstream   application/vnd.amazon.eventstream frames
credentials   botocore's credential chain, refreshed off the event loop
endpoints     where a service lives: region, AWS_ENDPOINT_URL_*, scheme
service       one service: endpoint + authorizer (SigV4 or bearer token) + transport
retries       attempts, deadline and jitter of whoever may send a thing twice
dynamodb      DynamoDB's JSON protocol; its errors are in dynamodb_errors
attributes    Python values <-> DynamoDB's typed attributes
"""
