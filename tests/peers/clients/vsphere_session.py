"""Sessions: the certificate, the login, the end."""

import ssl

import vsphere
from pyVim.connect import Disconnect
from pyVmomi import vim
from steps import ok, refused, same, true

service = vsphere.connect()
content = service.RetrieveContent()
same((content.about.apiType, content.about.version), ("VirtualCenter", "8.0.3"), "about")
session = content.sessionManager.currentSession
same(session.userName.lower(), vsphere.entry()["username"], "the user of the session")
true(service.CurrentTime().tzinfo, "the time has a zone")
ok("a login with the lab's authority trusted")

with refused(ssl.SSLCertVerificationError, "a client that does not know the authority"):
    vsphere.connect(sslContext=ssl.create_default_context())
ok("no login without")

with refused(vim.fault.InvalidLogin, "a wrong password"):
    vsphere.connect(pwd="wrong")
with refused(vim.fault.InvalidLogin, "a wrong user"):
    vsphere.connect(user="nobody@vsphere.local")
ok("InvalidLogin")

Disconnect(service)
with refused(vim.fault.NotAuthenticated, "a call after the logout"):
    content.rootFolder.childEntity  # noqa: B018: reading it is the call
ok("a session ends")
