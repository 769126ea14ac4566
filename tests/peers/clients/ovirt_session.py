"""The certificate and the login are checked, the token is given back."""

import ovirtsdk4 as sdk
from ovirt import connect
from steps import ok, refused, same, true

with refused(sdk.Error, "a certificate of nobody's"):
    connect(ca_file="/etc/ssl/certs/ca-certificates.crt").test(raise_exception=True)
ok("a certificate that is not trusted ends the connection")

with refused(sdk.AuthError, "a wrong password"):
    connect(password="wrong").authenticate()
ok("a wrong password is refused with words")

connection = connect()
true(connection.test(raise_exception=True), "test")
root = connection.system_service().get()
same((root.product_info.name, root.product_info.version.major), ("oVirt Engine", 4), "the product")
token = connection.authenticate()
connection.close()
ok("the root tells product and version")

late = connect(token=token)
late.system_service().get()
true(late.authenticate() != token, "a token that was given back is good no more, and the SDK takes another")
late.close()
ok("a token that was given back is refused")
