// A stand-in for Stripe.js: the four calls that panier makes, by the same rules. The card is typed in
// a frame of this address, and the page sees a token only, as with the real one.
(() => {
  const here = new URL(document.currentScript.src).origin;

  function answerOf(frame, say) {
    return new Promise((done) => {
      const hear = (event) => {
        if (event.source !== frame.contentWindow || event.origin !== here) return;
        removeEventListener("message", hear);
        done(event.data);
      };
      addEventListener("message", hear);
      if (say) frame.contentWindow.postMessage(say, here);
    });
  }

  function overlay(url) {
    const frame = document.createElement("iframe");
    frame.src = url;
    frame.className = "standin-challenge";
    for (const [name, value] of Object.entries({
      position: "fixed", inset: "10%", width: "80%", height: "80%", border: "0",
      "z-index": "2147483647", background: "white",
    })) frame.style.setProperty(name, value);
    document.body.append(frame);
    return frame;
  }

  window.Stripe = (key, { locale }) => {
    if (!key.startsWith("pk_")) throw new Error("not a publishable key");
    return {
      elements(options) {
        if (options.mode !== "payment" || !options.amount || !options.currency) {
          throw new Error("not a deferred payment");
        }
        const terms = { ...options };
        let frame = null;
        let asked = {};
        return {
          terms,
          create(kind, given) {
            if (kind !== "payment") throw new Error(`no element ${kind}`);
            asked = given;
            const hears = {};
            return {
              on(name, hear) { hears[name] = hear; },
              mount(place) {
                frame = document.createElement("iframe");
                frame.title = "Secure payment input frame";
                const look = new URLSearchParams({ locale, ...options.appearance.variables });
                frame.src = `${here}/frame?${look}`;
                frame.style.setProperty("width", "100%");
                frame.style.setProperty("height", "172px");
                frame.style.setProperty("border", "0");
                frame.onload = () => hears.ready?.();
                place.append(frame);
              },
              destroy() { frame?.remove(); },
            };
          },
          update(change) { Object.assign(terms, change); },
          async submit() {
            const { error } = await answerOf(frame, { ask: "valid" });
            return error ? { error } : {};
          },
          token(params) {
            const given = { ...asked.fields?.billingDetails };
            const details = params.payment_method_data.billing_details;
            for (const [name, how] of Object.entries(given)) {
              if (how === "never" && !details[name]) throw new Error(`${name} is missing`);
            }
            return answerOf(frame, { ask: "token", terms: JSON.parse(JSON.stringify(terms)), params });
          },
        };
      },
      async createConfirmationToken({ elements, params }) {
        return elements.token(params);
      },
      async handleNextAction({ clientSecret }) {
        const [name] = clientSecret.split("_secret_");
        const url = `${here}/v1/payment_intents/${name}?client_secret=${clientSecret}`;
        const intent = await (await fetch(url)).json();
        if (intent.status !== "requires_action") return { error: { message: "nothing to confirm" } };
        const challenge = overlay(`${here}/challenge?client_secret=${clientSecret}`);
        const answer = await answerOf(challenge);
        challenge.remove();
        return answer;
      },
    };
  };
})();
