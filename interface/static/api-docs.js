// A file of its own, because the page's policy allows no inline script.
async function show() {
  const answer = await fetch("/api/v1/openapi.json");
  const described = await answer.json();
  window.SwaggerUIBundle({
    // The packaged Swagger UI refuses to read 3.1, though it shows all that we use of it.
    spec: { ...described, openapi: "3.0.3" },
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
  });
}

show();
