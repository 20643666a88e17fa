// Starts Swagger UI: a script of its own, because pages of ours run no inline script.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
