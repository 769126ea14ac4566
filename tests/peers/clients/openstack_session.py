"""Certificates, logins in every form, tokens that end."""

import openstack_source
from keystoneauth1 import exceptions
from steps import ok, refused, same, true

cloud = openstack_source.connect()
token = cloud.auth_token
true(token, "a token")
same(cloud.current_project.name, "mtv", "the project")
ok("login by ids of domains")

project = cloud.current_project_id
names = {"user_domain_id": None, "project_domain_id": None, "user_domain_name": "Default", "project_domain_name": "Default"}
for form in [
    names,
    {"project_name": None, "project_id": project, "project_domain_id": None},
    {**names, "project_domain_name": None, "project_domain_id": "default"},
]:
    true(openstack_source.connect(**form).auth_token, f"a token for {form}")
ok("every form of domain and project")

with refused(exceptions.Unauthorized, "a wrong password"):
    openstack_source.connect(password="wrong").session.get_token()
with refused(exceptions.Unauthorized, "a wrong project"):
    openstack_source.connect(project_name="nosuch").session.get_token()
with refused(exceptions.BadRequest, "a user without a domain"):
    openstack_source.connect(user_domain_id=None).session.get_token()
ok("refusals")

with refused(exceptions.DiscoveryFailure, "an authority that is not trusted"):
    openstack_source.connect(ca=None).session.get_token()
ok("the certificate is checked")

# Somebody else ends the token: the next request gets a new one.
cloud.identity.delete("/auth/tokens", headers={"X-Subject-Token": token})
true(len(list(cloud.compute.servers())) == 5, "servers by a new token")
true(cloud.auth_token != token, "the token is a new one")
ok("a token that has ended is renewed")
