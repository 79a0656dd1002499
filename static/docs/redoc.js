// Starts ReDoc on this server's own description; its search would need a worker made from text.
"use strict";
const place = document.getElementById("redoc");
Redoc.init(place.dataset.schema, { disableSearch: true, hideDownloadButton: false }, place);
