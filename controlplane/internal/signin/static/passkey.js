// Hands the page's passkey options to the browser, and its answer to the form.
"use strict";
{
  const form = document.getElementById("passkey");
  const problem = document.getElementById("passkey-error");

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const options = () => {
    const all = JSON.parse(form.dataset.options).publicKey;
    all.challenge = bytes(all.challenge);
    if (all.user) all.user.id = bytes(all.user.id);
    for (const list of [all.allowCredentials, all.excludeCredentials]) {
      for (const credential of list || []) credential.id = bytes(credential.id);
    }
    return { publicKey: all };
  };

  const answer = (credential) => {
    const said = credential.response;
    const out = { id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults(), response: {} };
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (said[name]) out.response[name] = text(said[name]);
    }
    if (said.getTransports) out.response.transports = said.getTransports();
    return JSON.stringify(out);
  };

  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    problem.textContent = "";
    try {
      const ask = form.dataset.mode === "create" ? navigator.credentials.create : navigator.credentials.get;
      form.elements.answer.value = answer(await ask.call(navigator.credentials, options()));
      form.submit();
    } catch (error) {
      problem.textContent = "That did not work: " + error.message;
    }
  });
}
