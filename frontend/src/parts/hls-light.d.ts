/** hls.js types only its full build; the light one is the same class with less in it. */
declare module "hls.js/light" {
  import Hls from "hls.js";
  export default Hls;
  export { ErrorTypes, Events } from "hls.js";
}
