"""How an owner looks where recipients and strangers meet this site: name, logo, colours, links."""
